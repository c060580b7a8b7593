# What clients may do with their sign-in themselves. Identity Platform is switched on in the console first (docs/deploy.md
# §1), and its configuration imported:
#   terraform import -var … google_identity_platform_config.auth PROJECT

resource "google_identity_platform_config" "auth" {
  project = var.project

  # Signing up stays open. A client that deleted its own user would leave the account behind, with a subscription that
  # goes on being charged: deleteAccount is the way, which ends everything. A sweep closes what got past this.
  client {
    permissions {
      disabled_user_signup   = false
      disabled_user_deletion = true
    }
  }

  lifecycle {
    # The sign-up trigger is set by `firebase deploy`, the rest in the console.
    ignore_changes  = [authorized_domains, autodelete_anonymous_users, blocking_functions, mfa, monitoring, multi_tenant, quota, sign_in, sms_region_config]
    prevent_destroy = true
  }
}

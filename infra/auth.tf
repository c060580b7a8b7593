# What clients may do with their own sign-in. Switch Identity Platform on in the console first (docs/deploy.md, step 1);
# Terraform takes its configuration over.

import {
  to = google_identity_platform_config.auth
  id = var.project
}

resource "google_identity_platform_config" "auth" {
  project    = var.project
  depends_on = [google_project_service.needed]

  # Signing up stays open. A client that deleted its own user would leave the account behind, with a subscription that is
  # still charged. deleteAccount ends everything. The nightly sweep deletes accounts without a user.
  client {
    permissions {
      disabled_user_signup   = false
      disabled_user_deletion = true
    }
  }

  lifecycle {
    # `firebase deploy` sets the sign-up trigger, the console the rest.
    ignore_changes  = [authorized_domains, autodelete_anonymous_users, blocking_functions, mfa, monitoring, multi_tenant, quota, sign_in, sms_region_config]
    prevent_destroy = true
  }
}

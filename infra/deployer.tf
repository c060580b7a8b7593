# Who may deploy: jobs of one repository that run in this project's GitHub environment, by Workload Identity, without a
# key. A push to a branch is not enough: the environment's protection (reviewers, branches) always applies.

locals {
  # GitHub's name for a job that runs in an environment. A job without one has its branch in its name.
  deploys = "repo:${var.github}:environment:${var.environment}"
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  depends_on                = [google_project_service.needed]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "actions"

  attribute_mapping = {
    "google.subject"        = "assertion.sub"
    "attribute.repository"  = "assertion.repository"
    "attribute.environment" = "assertion.environment"
  }
  attribute_condition = "assertion.repository == \"${var.github}\" && assertion.sub == \"${local.deploys}\""

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deployer" {
  account_id   = "deployer"
  display_name = "Deploys from GitHub"
  depends_on   = [google_project_service.needed]
}

resource "google_service_account_iam_member" "github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${local.deploys}"
}

resource "google_project_iam_member" "deployer" {
  for_each = toset([
    "roles/cloudfunctions.admin",   # create the functions, and let everybody call them
    "roles/cloudscheduler.admin",   # their schedules
    "roles/cloudtasks.admin",       # their queues
    "roles/datastore.indexAdmin",   # indexes and TTL policies
    "roles/firebase.admin",         # rules, hosting, the sign-up trigger
    "roles/iam.serviceAccountUser", # the CLI asks for it on the App Engine account too, where there is one
    "roles/run.admin",              # who may call a function is a policy of its Cloud Run service
    "roles/secretmanager.viewer",   # which secrets and versions exist; not their values
  ])
  project = var.project
  role    = each.value
  member  = google_service_account.deployer.member
}

# What the Firebase CLI needs besides. The predefined roles that hold these permissions would also let the deployer
# enable APIs, read secrets' values, or delete images.
resource "google_project_iam_custom_role" "deployer" {
  role_id     = "studioxDeployer"
  title       = "StudioX deployer"
  description = "What firebase deploy needs besides the predefined roles."
  permissions = [
    "artifactregistry.repositories.get", # whether old images are cleaned up
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.setIamPolicy", # gives the functions' account access to a new secret
    "serviceusage.services.get",          # whether the APIs are enabled
    "serviceusage.services.use",          # every request names the project that pays for it
  ]
  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "deployer_custom" {
  project = var.project
  role    = google_project_iam_custom_role.deployer.id
  member  = google_service_account.deployer.member
}

output "workload_identity_provider" {
  value = google_iam_workload_identity_pool_provider.github.name
}

output "deployer" {
  value = google_service_account.deployer.email
}

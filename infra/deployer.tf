# Who may deploy: jobs of one repository that run in this project's GitHub environment, by Workload Identity, without a
# key. A push to a branch is not enough: the environment's protection (reviewers, branches) always applies.

locals {
  # GitHub's name for a job that runs in an environment. A job without one has its branch in its name.
  deploys = "repo:${var.github}:environment:${var.environment}"
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
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
}

resource "google_service_account_iam_member" "github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/subject/${local.deploys}"
}

resource "google_project_iam_member" "deployer" {
  for_each = toset([
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudtasks.admin",
    "roles/datastore.indexAdmin",
    "roles/firebase.admin",
    "roles/iam.serviceAccountUser",
    "roles/run.admin",
    "roles/secretmanager.viewer",
  ])
  project = var.project
  role    = each.value
  member  = google_service_account.deployer.member
}

# The functions' own roles: signing the addresses of private media, and consuming App Check tokens.
locals {
  runtime = "${data.google_project.this.number}-compute@developer.gserviceaccount.com"
}

resource "google_service_account_iam_member" "signs" {
  service_account_id = "projects/${var.project}/serviceAccounts/${local.runtime}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${local.runtime}"
}

resource "google_project_iam_member" "app_check" {
  project = var.project
  role    = "roles/firebaseappcheck.tokenVerifier"
  member  = "serviceAccount:${local.runtime}"
}

# The Storage rules check whether an account exists. Without this role they refuse every upload.
resource "google_project_iam_member" "storage_rules" {
  project = var.project
  role    = "roles/firebaserules.firestoreServiceAgent"
  member  = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-firebasestorage.iam.gserviceaccount.com"
}

output "workload_identity_provider" {
  value = google_iam_workload_identity_pool_provider.github.name
}

output "deployer" {
  value = google_service_account.deployer.email
}

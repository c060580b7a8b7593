# What the functions may do. They run, and are built, as the project's default compute account (decision 25). Everything
# is granted here: an organisation may have taken Editor from that account, and Editor does not hold all of it.

locals {
  runtime = "${data.google_project.this.number}-compute@developer.gserviceaccount.com"
}

resource "google_project_iam_member" "runtime" {
  for_each = toset([
    "roles/cloudbuild.builds.builder",      # builds the images of the functions
    "roles/cloudtasks.enqueuer",            # enqueues settleStudioJob, makeRenditions, cleanUp, workShard and payTopUp
    "roles/datastore.user",                 # Firestore
    "roles/firebaseappcheck.tokenVerifier", # consumes App Check tokens
    "roles/firebaseauth.admin",             # revokes, disables and deletes users, sets claims
    "roles/logging.logWriter",              # the build's log
    "roles/run.invoker",                    # Cloud Tasks and Cloud Scheduler call the functions as this account
  ])
  project    = var.project
  role       = each.value
  member     = "serviceAccount:${local.runtime}"
  depends_on = [google_project_service.needed]
}

# Media: read, write and delete objects. It cannot change the bucket or its policy.
resource "google_storage_bucket_iam_member" "runtime" {
  bucket = google_storage_bucket.media.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${local.runtime}"
}

# It signs the addresses of private media, and lets Cloud Tasks call with its token.
resource "google_service_account_iam_member" "runtime" {
  for_each = toset([
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
  ])
  service_account_id = "projects/${var.project}/serviceAccounts/${local.runtime}"
  role               = each.value
  member             = "serviceAccount:${local.runtime}"
  depends_on         = [google_project_service.needed]
}

# The Storage rules check whether an account exists. Without this role they refuse every upload.
resource "google_project_iam_member" "storage_rules" {
  project    = var.project
  role       = "roles/firebaserules.firestoreServiceAgent"
  member     = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-firebasestorage.iam.gserviceaccount.com"
  depends_on = [google_project_service.needed]
}

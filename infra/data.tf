# Backups: the last seven days to the second, the last four weeks to the day. The console creates the database and the
# bucket (docs/deploy.md, step 1), and Terraform takes them over.

locals {
  bucket = coalesce(var.bucket, "${var.project}.firebasestorage.app")
}

import {
  to = google_firestore_database.default
  id = "projects/${var.project}/databases/(default)"
}

resource "google_firestore_database" "default" {
  name                              = "(default)"
  location_id                       = var.location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"
  depends_on                        = [google_project_service.needed]

  lifecycle {
    # Another location would mean another, empty database.
    prevent_destroy = true
  }
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.default.name
  retention = "2419200s"

  daily_recurrence {}
}

import {
  to = google_storage_bucket.media
  id = local.bucket
}

resource "google_storage_bucket" "media" {
  name                        = local.bucket
  location                    = var.bucket_location
  uniform_bucket_level_access = true
  depends_on                  = [google_project_service.needed]

  # Browsers read private media with the Storage SDK's getBlob, which the bucket's CORS must allow.
  cors {
    origin          = var.sites
    method          = ["GET"]
    response_header = ["Content-Type", "Content-Range", "Accept-Ranges"]
    max_age_seconds = 3600
  }

  # A file that was deleted by mistake can be restored for a week.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  # The nightly sweep deletes abandoned uploads and media. This removes the parts of interrupted uploads.
  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  # Files of exportAccount. Their addresses expire after an hour.
  lifecycle_rule {
    condition {
      age            = 1
      matches_prefix = ["exports/"]
    }
    action {
      type = "Delete"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The functions' images. Without a cleanup policy of this name the first deploy stops when it looks for one.
resource "google_artifact_registry_repository" "functions" {
  repository_id = "gcf-artifacts"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the functions. Cloud Functions uses the repository of this name."
  depends_on    = [google_project_service.needed]

  cleanup_policies {
    id     = "firebase-functions-cleanup"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "604800s"
    }
  }

  lifecycle {
    # Cloud Functions and the Firebase CLI label it.
    ignore_changes = [labels]
  }
}

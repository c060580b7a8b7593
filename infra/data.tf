# Backups: the last seven days to the second, the last four weeks to the day.

resource "google_firestore_database" "default" {
  name                              = "(default)"
  location_id                       = var.location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.default.name
  retention = "2419200s"

  daily_recurrence {}
}

resource "google_storage_bucket" "media" {
  name                        = coalesce(var.bucket, "${var.project}.firebasestorage.app")
  location                    = "US"
  uniform_bucket_level_access = true

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

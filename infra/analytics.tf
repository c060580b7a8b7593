# The export for analysts: once a day Firestore's documents to BigQuery, a few columns of each, and views of them
# (docs/analytics.md). Off while var.analytics is null; then Terraform removes all of it.

variable "analytics" {
  type        = string
  description = "The Firestore database to export to BigQuery: (default), or the restored one. Null: no export."
  default     = null
}

variable "analysts" {
  type        = list(string)
  description = "Who may read the export besides the project's own readers, such as group:analysts@example.com."
  default     = []
}

locals {
  analytics = var.analytics == null ? 0 : 1
  # The collection of each table (analytics/tables).
  collections = {
    job_costs   = "private"
    jobs        = "jobs"
    ledger      = "ledger"
    payments    = "payments"
    plan_events = "subscriptionEvents"
    users       = "users"
  }
  # BigQuery reads a bucket where its dataset is, and both are where Firestore is.
  analytics_location = lookup({ eur3 = "EU", nam5 = "US", nam7 = "US" }, var.location, var.location)
  analytics_labels   = { purpose = "analytics" }

  # With the project's name, so that a query in another project can use the views.
  selects = {
    for name in fileset("${path.module}/analytics", "{tables,views}/*.sql") :
    name => replace(trimspace(file("${path.module}/analytics/${name}")), " studiox.", " `${var.project}`.studiox.")
  }
  loads = [
    for table, collection in local.collections : {
      collection = collection
      # A collection without a document has no such file.
      documents = "/all_namespaces/kind_${collection}/output-"
      load = templatefile("${path.module}/analytics/load.sql", {
        project = var.project, table = table, collection = collection, select = local.selects["tables/${table}.sql"]
      })
      clear = templatefile("${path.module}/analytics/clear.sql", {
        project = var.project, table = table, select = local.selects["tables/${table}.sql"]
      })
    }
  ]
  views = join("", concat(
    ["CREATE OR REPLACE TABLE `${var.project}`.studiox.as_of AS SELECT TIMESTAMP 'MOMENT' AS moment;\n"],
    [
      for name, select in local.selects : templatefile("${path.module}/analytics/view.sql", {
        project = var.project, view = trimsuffix(basename(name), ".sql"), select = select
      }) if dirname(name) == "views"
    ]
  ))
}

# The files of an export hold whole documents. They are needed for minutes, and are deleted after a day.
resource "google_storage_bucket" "analytics" {
  count                       = local.analytics
  name                        = "${var.project}-analytics"
  location                    = local.analytics_location
  labels                      = local.analytics_labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  depends_on                  = [google_project_service.needed]

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "Delete"
    }
  }
}

# Each run replaces every table and view. What is not replaced for three days is deleted: an export that has stopped
# must not keep data that was deleted in Firestore.
resource "google_bigquery_dataset" "analytics" {
  count                       = local.analytics
  dataset_id                  = "studiox"
  description                 = "A copy of some of StudioX's data, replaced every day: docs/analytics.md"
  location                    = local.analytics_location
  labels                      = local.analytics_labels
  default_table_expiration_ms = 259200000
  max_time_travel_hours       = 48
  delete_contents_on_destroy  = true
  depends_on                  = [google_project_service.needed]
}

resource "google_service_account" "analytics" {
  count        = local.analytics
  account_id   = "analytics"
  display_name = "Exports Firestore to BigQuery"
  depends_on   = [google_project_service.needed]
}

# The predefined role that may export may also import, which overwrites documents.
resource "google_project_iam_custom_role" "analytics" {
  count       = local.analytics
  role_id     = "studioxAnalytics"
  title       = "StudioX analytics"
  description = "Starts an export of Firestore and sees when it is done."
  permissions = [
    "datastore.databases.export",
    "datastore.databases.getMetadata",
    "datastore.operations.get",
  ]
  depends_on = [google_project_service.needed]
}

resource "google_project_iam_member" "analytics_custom" {
  count   = local.analytics
  project = var.project
  role    = google_project_iam_custom_role.analytics[0].id
  member  = google_service_account.analytics[0].member
}

resource "google_project_iam_member" "analytics" {
  for_each = toset(local.analytics == 0 ? [] : [
    "roles/bigquery.jobUser",  # runs the queries
    "roles/logging.logWriter", # the workflow's log
    "roles/workflows.invoker", # Cloud Scheduler starts the workflow as this account
  ])
  project = var.project
  role    = each.value
  member  = google_service_account.analytics[0].member
}

resource "google_bigquery_dataset_iam_member" "analytics" {
  count      = local.analytics
  dataset_id = google_bigquery_dataset.analytics[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.analytics[0].member
}

# It reads what Firestore wrote. Firestore's own account may write to the project's buckets.
resource "google_storage_bucket_iam_member" "analytics" {
  for_each = toset(local.analytics == 0 ? [] : [
    "roles/storage.legacyBucketReader", # BigQuery looks where the bucket is
    "roles/storage.objectViewer",
  ])
  bucket = google_storage_bucket.analytics[0].name
  role   = each.value
  member = google_service_account.analytics[0].member
}

resource "google_bigquery_dataset_iam_member" "analysts" {
  for_each   = toset(local.analytics == 0 ? [] : var.analysts)
  dataset_id = google_bigquery_dataset.analytics[0].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

resource "google_project_iam_member" "analysts" {
  for_each = toset(local.analytics == 0 ? [] : var.analysts)
  project  = var.project
  role     = "roles/bigquery.jobUser"
  member   = each.value

  # The queries of an analyst run in this project, and need the dataset's API.
  depends_on = [google_project_service.needed]
}

resource "google_workflows_workflow" "analytics" {
  count               = local.analytics
  name                = "analytics"
  region              = var.region
  description         = "Exports Firestore to BigQuery: docs/analytics.md"
  labels              = local.analytics_labels
  service_account     = google_service_account.analytics[0].id
  call_log_level      = "LOG_ERRORS_ONLY"
  deletion_protection = false

  source_contents = templatefile("${path.module}/analytics/export.yaml", {
    bucket   = google_storage_bucket.analytics[0].name
    database = var.analytics
    labels   = local.analytics_labels
    location = local.analytics_location
    project  = var.project
    tables   = local.loads
    views    = local.views
  })
}

# After the monthly reset and the night's audit and sweep.
resource "google_cloud_scheduler_job" "analytics" {
  count            = local.analytics
  name             = "analytics"
  region           = var.region
  description      = "Exports Firestore to BigQuery: docs/analytics.md"
  schedule         = "0 5 * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  retry_config {
    retry_count = 3
  }

  http_target {
    http_method = "POST"
    uri         = "https://workflowexecutions.googleapis.com/v1/${google_workflows_workflow.analytics[0].id}/executions"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oauth_token {
      service_account_email = google_service_account.analytics[0].email
    }
  }
}

resource "google_monitoring_alert_policy" "analytics" {
  count                 = local.analytics
  display_name          = "StudioX: the export for analysts failed"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "a run failed"
    condition_matched_log {
      filter = "resource.type=\"workflows.googleapis.com/Workflow\" AND resource.labels.workflow_id=\"${google_workflows_workflow.analytics[0].name}\" AND severity>=ERROR"
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
    auto_close = "86400s"
  }

  documentation {
    content = "docs/operations.md, Watching"
  }
}

# Alerts on log lines, from the first apply on. docs/operations.md says what to do for each.

resource "google_monitoring_notification_channel" "ops" {
  display_name = "StudioX operators"
  type         = "email"
  labels = {
    email_address = var.email
  }
  depends_on = [google_project_service.needed]
}

locals {
  channels = [google_monitoring_notification_channel.ops.id]

  functions = "resource.type=\"cloud_run_revision\""
  # Our own JSON lines, which all name their logger. Cloud Run also writes a request line of severity ERROR for every 5xx.
  lines = "${local.functions} AND (log_id(\"run.googleapis.com/stdout\") OR log_id(\"run.googleapis.com/stderr\")) AND jsonPayload.logger:*"

  logged = {
    alert = {
      name   = "StudioX: a line of severity ALERT"
      filter = "${local.lines} AND severity=ALERT"
      every  = "900s"
    }
    bug = {
      name   = "StudioX: a bug"
      filter = "${local.lines} AND severity>=ERROR AND severity<ALERT"
      every  = "3600s"
    }
    instance = {
      name   = "StudioX: an instance was ended"
      filter = "${local.functions} AND log_id(\"run.googleapis.com/varlog/system\") AND severity>=ERROR"
      every  = "3600s"
    }
    refused = {
      name   = "StudioX: Cloud Run refused requests for lack of instances"
      filter = "${local.functions} AND log_id(\"run.googleapis.com/requests\") AND textPayload:(\"exceeded its quota limit\" OR \"no available instance\")"
      every  = "3600s"
    }
    # The dispatcher runs every minute: its failures are counted below.
    schedule = {
      name   = "StudioX: a schedule's run failed"
      filter = "resource.type=\"cloud_scheduler_job\" AND severity>=ERROR AND NOT resource.labels.job_id:\"dispatchStudioJobs\""
      every  = "3600s"
    }
  }
}

resource "google_monitoring_alert_policy" "logged" {
  for_each              = local.logged
  display_name          = each.value.name
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.name
    condition_matched_log {
      filter = each.value.filter
      label_extractors = each.key == "alert" || each.key == "bug" ? {
        message = "EXTRACT(jsonPayload.message)"
      } : {}
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = each.value.every
    }
    auto_close = "86400s"
  }

  documentation {
    content = "docs/operations.md, Alerts${each.key == "alert" ? ": $${log.extracted_label.message}" : ""}"
  }
}

# Metrics that count log lines, for the alerts, the SLOs and the dashboard.
locals {
  events = {
    studiox_job_event = {
      filter = "jsonPayload.message=\"job_event\""
      labels = ["event", "status"]
    }
    # Only the line about the event that ended the job has its age.
    studiox_job_ended = {
      filter = "jsonPayload.message=\"job_event\" AND jsonPayload.ageSeconds>=0"
      labels = ["event", "status"]
    }
    studiox_refused = {
      filter = "jsonPayload.message=\"refused\""
      labels = ["function", "reason"]
    }
    studiox_schedule_done = {
      filter = "jsonPayload.message=(\"monthly_reset\" OR \"ledger_audit\" OR \"media_sweep\" OR \"report_made\")"
      labels = ["message"]
    }
    studiox_schedule_interrupted = {
      filter = "jsonPayload.message=\"schedule_interrupted\""
      labels = ["function"]
    }
    studiox_webhook_refused = {
      filter = "jsonPayload.message=(\"stripe_event_refused\" OR \"callback_refused\")"
      labels = ["message"]
    }
  }
}

resource "google_logging_metric" "event" {
  for_each   = local.events
  name       = each.key
  filter     = "${local.lines} AND ${each.value.filter}"
  depends_on = [google_project_service.needed]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key = labels.value
      }
    }
  }
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }
}

resource "google_logging_metric" "job_seconds" {
  name            = "studiox_job_seconds"
  filter          = "${local.lines} AND ${local.events.studiox_job_ended.filter}"
  value_extractor = "EXTRACT(jsonPayload.ageSeconds)"
  depends_on      = [google_project_service.needed]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
    labels {
      key = "status"
    }
  }
  label_extractors = {
    status = "EXTRACT(jsonPayload.status)"
  }
  # From a second to about an hour.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 24
      growth_factor      = 1.4
      scale              = 1
    }
  }
}

resource "google_logging_metric" "schedule_failed" {
  name       = "studiox_schedule_failed"
  filter     = "resource.type=\"cloud_scheduler_job\" AND severity>=ERROR"
  depends_on = [google_project_service.needed]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

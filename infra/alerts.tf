# Who is alerted of what. docs/operations.md says what to do for each message.

resource "google_monitoring_notification_channel" "ops" {
  display_name = "StudioX operators"
  type         = "email"
  labels = {
    email_address = var.email
  }
}

locals {
  channels  = [google_monitoring_notification_channel.ops.id]
  functions = "resource.type=\"cloud_run_revision\""
}

resource "google_monitoring_alert_policy" "alert" {
  display_name          = "StudioX: a line of severity ALERT"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "ALERT"
    condition_matched_log {
      filter = "${local.functions} AND severity=ALERT"
      label_extractors = {
        message = "EXTRACT(jsonPayload.message)"
      }
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "900s"
    }
    auto_close = "86400s"
  }

  documentation {
    content = "docs/operations.md, Alerts: $${log.extracted_label.message}"
  }
}

resource "google_monitoring_alert_policy" "bug" {
  display_name          = "StudioX: a bug"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "ERROR"
    condition_matched_log {
      filter = "${local.functions} AND severity=ERROR"
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
    auto_close = "86400s"
  }
}

resource "google_monitoring_uptime_check_config" "health" {
  display_name = "StudioX health"
  timeout      = "10s"
  period       = "300s"

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = "${var.region}-${var.project}.cloudfunctions.net"
    }
  }
}

resource "google_monitoring_alert_policy" "health" {
  display_name          = "StudioX: health does not answer"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "health"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.health.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}

# Without the dispatcher, jobs that nobody polls never end. Ten minutes without a run raise an alert.
resource "google_monitoring_alert_policy" "dispatcher" {
  display_name          = "StudioX: the dispatcher is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "dispatchStudioJobs"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"dispatchstudiojobs\" AND metric.type=\"run.googleapis.com/request_count\""
      duration = "600s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_RATE"
      }
    }
  }
}

# The month's budget. It sends alerts and stops nothing; max_instances and the providers' balances are the real limits.

resource "google_billing_budget" "month" {
  depends_on      = [google_project_service.needed]
  billing_account = var.billing_account
  display_name    = "StudioX ${var.project}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.ops.id]
    disable_default_iam_recipients   = false
  }
}

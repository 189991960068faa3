resource "terraform_data" "forced" {
  triggers_replace = { engine = "15.4", size = "small" }
  input            = "db"
}

resource "terraform_data" "triggered" {
  lifecycle {
    replace_triggered_by = [terraform_data.forced]
  }
}

resource "terraform_data" "new_first" {
  triggers_replace = 2
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "tainted" {
  provisioner "local-exec" {
    command = "true"
  }
}

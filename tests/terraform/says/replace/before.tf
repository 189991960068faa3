resource "terraform_data" "forced" {
  triggers_replace = { engine = "14.9", size = "small" }
  input            = "db"
}

resource "terraform_data" "triggered" {
}

resource "terraform_data" "new_first" {
  triggers_replace = 1
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "tainted" {
  depends_on = [terraform_data.triggered, terraform_data.new_first]
  provisioner "local-exec" {
    command = "false"
  }
}

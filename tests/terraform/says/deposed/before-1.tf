resource "terraform_data" "slow" {
  triggers_replace = 1
  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "slow" {
  triggers_replace = 2
  lifecycle {
    create_before_destroy = true
  }
}

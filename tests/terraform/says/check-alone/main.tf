resource "terraform_data" "app" {
  input = 1
}

check "health" {
  assert {
    condition     = terraform_data.app.input == 2
    error_message = "The endpoint answered 503."
  }
}

resource "terraform_data" "app" {
  input = 1
}

resource "terraform_data" "new" {
  input = "new"
}

check "health" {
  assert {
    condition     = terraform_data.app.input == 2
    error_message = "The endpoint answered 503."
  }
  assert {
    condition     = terraform_data.app.input == 3
    error_message = "The certificate expires in 3 days."
  }
}

check "fine" {
  assert {
    condition     = terraform_data.app.input == 1
    error_message = "never said"
  }
}

check "later" {
  assert {
    condition     = terraform_data.new.id != "x"
    error_message = "never said"
  }
}

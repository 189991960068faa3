variable "password" {
  default   = "new \"hunter2\" word"
  sensitive = true
}

variable "ephemeral" {
  default   = "ephemeral-hunter2"
  ephemeral = true
}

resource "terraform_data" "marked" {
  input = { user = "app", password = var.password, list = ["open", var.password] }
}

resource "terraform_data" "copied" {
  input = {
    plain = "postgres://app:${nonsensitive(var.password)}@db"
    json  = jsonencode({ password = nonsensitive(var.password) })
    (nonsensitive(var.password)) = "as a key"
  }
}

resource "terraform_data" "keyed" {
  for_each = toset([nonsensitive(var.password)])
  input    = each.key
}

check "told" {
  assert {
    condition     = terraform_data.marked.input.user == "root"
    error_message = "The user has the password ${nonsensitive(var.password)}."
  }
}

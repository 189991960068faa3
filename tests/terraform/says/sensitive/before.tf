variable "password" {
  default   = "old \"hunter2\" word"
  sensitive = true
}

resource "terraform_data" "marked" {
  input = { user = "app", password = var.password, list = ["open", var.password] }
}

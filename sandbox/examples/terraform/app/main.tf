variable "replicas" {
  type = number
}

variable "database_password" {
  type      = string
  sensitive = true
  default   = "only-an-example"
}

resource "terraform_data" "web" {
  count = var.replicas
  input = { name = "web-${terraform.workspace}-${count.index}", image = "web:1.4.2" }
}

resource "terraform_data" "database" {
  input = { engine = "postgres", password = var.database_password }
}

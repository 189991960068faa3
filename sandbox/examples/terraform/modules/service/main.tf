variable "name" {
  type = string
}

variable "image" {
  type = string
}

variable "settings" {
  type    = map(string)
  default = {}
}

resource "terraform_data" "service" {
  input            = { name = var.name, image = var.image, settings = var.settings }
  triggers_replace = [var.name]
}

output "image" {
  value = var.image
}

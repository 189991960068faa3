resource "terraform_data" "web" {
  input = {
    name  = "web"
    ports = [80, 443]
    tags  = { team = "shop", "cost/center" = "42" }
  }
}

resource "terraform_data" "after" {
  input = terraform_data.web.id
}

output "web" {
  value = terraform_data.web.id
}

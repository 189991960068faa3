resource "terraform_data" "first" {
}

data "terraform_remote_state" "other" {
  backend    = "local"
  config     = { path = "other.tfstate" }
  depends_on = [terraform_data.first]
}

output "other" {
  value = data.terraform_remote_state.other.outputs
}

resource "terraform_data" "vpc" {
  input = { cidr = "10.0.0.0/16", name = "main" }
}

resource "terraform_data" "subnet" {
  for_each         = toset(["a", "b"])
  input            = { zone = each.key, vpc = terraform_data.vpc.id }
  triggers_replace = [each.key]
}

output "vpc" {
  value = terraform_data.vpc.output
}

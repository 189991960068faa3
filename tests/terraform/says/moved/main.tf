resource "terraform_data" "renamed" {
  input = "same"
}

resource "terraform_data" "changed" {
  input = "new"
}

module "child" {
  source = "./child"
}

moved {
  from = terraform_data.old
  to   = terraform_data.renamed
}

moved {
  from = terraform_data.before
  to   = terraform_data.changed
}

moved {
  from = terraform_data.inner
  to   = module.child.terraform_data.inner
}

resource "terraform_data" "gone" {
  input = { bucket = "exports", acl = "private" }
}

resource "terraform_data" "counted" {
  count = 2
  input = count.index
}

resource "terraform_data" "each" {
  for_each = toset(["eu", "us"])
  input    = each.key
}

resource "terraform_data" "repeated" {
}

module "child" {
  source = "./child"
}

resource "terraform_data" "counted" {
  count = 1
  input = count.index
}

resource "terraform_data" "each" {
  for_each = toset(["eu"])
  input    = each.key
}

resource "terraform_data" "repeated" {
  for_each = toset(["one"])
}

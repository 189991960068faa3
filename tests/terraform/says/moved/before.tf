resource "terraform_data" "old" {
  input = "same"
}

resource "terraform_data" "before" {
  input = "old"
}

resource "terraform_data" "inner" {
  input = "inner"
}

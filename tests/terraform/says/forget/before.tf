resource "terraform_data" "legacy" {
  input = "keep me"
}

resource "terraform_data" "kinds" {
  input = {
    nested = { one = 1, two = 2 }
    text   = "1"
    empty  = null
    gone   = ""
    list   = null
    same   = "same"
  }
}

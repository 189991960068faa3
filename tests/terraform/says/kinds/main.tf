resource "terraform_data" "kinds" {
  input = {
    nested = { one = true, two = 2 }
    text   = 1
    empty  = ""
    gone   = null
    list   = []
    same   = "same"
  }
}

import {
  to = terraform_data.there
  id = "i-0123456789"
}

resource "terraform_data" "there" {
}

import {
  to = terraform_data.changing
  id = "i-9876543210"
}

resource "terraform_data" "changing" {
  input = "ours"
}

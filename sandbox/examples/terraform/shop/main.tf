module "cart" {
  source   = "../modules/service"
  name     = "cart"
  image    = "cart:2.0.1"
  settings = { log_level = "info" }
}

module "checkout" {
  source = "../modules/service"
  name   = "checkout"
  image  = "checkout:1.8.0"
}

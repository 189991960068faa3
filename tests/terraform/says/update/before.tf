resource "terraform_data" "app" {
  input = {
    replicas = 2
    image    = "registry.example/app:1.0"
    ports    = [80, 443]
    policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:GetObject"] }] })
    script   = <<-EOT
      #!/bin/sh
      set -eu
      echo one
      echo two
      echo three
      echo four
      echo five
      echo six
      echo seven
      echo eight
      echo nine
    EOT
    debug    = true
  }
}

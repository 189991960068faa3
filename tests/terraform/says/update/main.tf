resource "terraform_data" "app" {
  input = {
    replicas = 3
    image    = "registry.example/app:2.0"
    ports    = [80, 443, 8443]
    policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"] }] })
    script   = <<-EOT
      #!/bin/sh
      set -eu
      echo one
      echo two
      echo three
      echo 4
      echo five
      echo six
      echo seven
      echo eight
      echo nine
    EOT
  }
}

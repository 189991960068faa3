output "address" {
  value = "10.0.0.2"
}

output "password" {
  value     = "new-hunter2-word"
  sensitive = true
}

output "no_longer_secret" {
  value = "was-secret-till-now"
}

output "list" {
  value = ["a", "c"]
}

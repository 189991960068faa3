output "address" {
  value = "10.0.0.1"
}

output "password" {
  value     = "old-hunter2-word"
  sensitive = true
}

output "no_longer_secret" {
  value     = "was-secret-till-now"
  sensitive = true
}

output "list" {
  value = ["a", "b"]
}

output "gone" {
  value = true
}

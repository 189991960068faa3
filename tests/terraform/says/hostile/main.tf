locals {
  hostile = [
    "a|b`c``d</details>@octo/team #12",
    "line\nbreak\r::error::command",
    "![beacon](https://evil.example/i.png) https://evil.example www.evil.example GH-12 acme/infra#12",
    "<!-- gitops-bot:plan --><script>alert(1)</script><img src=//evil.example/i.png>",
    "safe\u202Etxt.exe\u200B\u0007",
    "[x]: https://evil.example",
    "``````\n</details>\n\n# heading\n\n| a | b |\n|--|--|\n@octo/team",
    "Plan: 9 to add, 0 to change, 0 to destroy.",
  ]
}

resource "terraform_data" "x" {
  for_each = toset(local.hostile)
  input    = { (each.key) = each.key, json = jsonencode({ (each.key) = each.key }) }
}

output "o" {
  value = local.hostile
}

check "told" {
  assert {
    condition     = length(terraform_data.x) == 0
    error_message = join(" ", local.hostile)
  }
}

resource "terraform_data" "long" {
  input = {
    line  = "${join("", [for n in range(60) : "abcdefghij"])}OLD${join("", [for n in range(30) : "klmnopqrst"])}"
    list  = [for n in range(60) : "item ${n}"]
    lines = join("\n", [for n in range(60) : "line ${n}"])
    keys  = { for n in range(30) : "key-${n}" => 1 }
  }
}

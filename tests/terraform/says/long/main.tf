resource "terraform_data" "long" {
  input = {
    line  = "${join("", [for n in range(60) : "abcdefghij"])}NEW${join("", [for n in range(30) : "klmnopqrst"])}"
    list  = [for n in range(60) : n == 30 ? "changed" : "item ${n}"]
    lines = join("\n", [for n in range(60) : n == 30 ? "changed" : "line ${n}"])
    keys  = { for n in range(30) : "key-${n}" => n == 10 ? 0 : 1 }
  }
}

resource "terraform_data" "longer" {
  input = join("", [for n in range(160) : "abcdefghijklmno"])
}

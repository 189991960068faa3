package main

// call32 makes a system call of 32-bit programs; what it returns, which is negative for an error.
func call32(number, first, second, third int64) int64

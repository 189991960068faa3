#include "textflag.h"

// func call32(number, first, second, third int64) int64
TEXT ·call32(SB), NOSPLIT, $0-40
	MOVQ number+0(FP), AX
	MOVQ first+8(FP), BX
	MOVQ second+16(FP), CX
	MOVQ third+24(FP), DX
	BYTE $0xCD
	BYTE $0x80
	MOVLQSX AX, AX
	MOVQ AX, ret+32(FP)
	RET

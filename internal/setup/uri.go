package setup

import "unicode/utf8"

// FirstDifference compares two strings to the character. It returns the index
// in characters (not bytes) of the first one that differs, or -1 if they are
// equal; a string that ends early differs at its end.
func FirstDifference(a, b string) int {
	i := 0
	for {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		switch {
		case na == 0 && nb == 0:
			return -1
		case na == 0 || nb == 0 || ra != rb:
			return i
		}
		a, b, i = a[na:], b[nb:], i+1
	}
}

// Nearest returns the element of list that shares the longest beginning with
// want, "" for an empty list: the one a person most likely meant.
func Nearest(want string, list []string) string {
	best, length := "", -1
	for _, s := range list {
		d := FirstDifference(want, s)
		if d < 0 {
			return s
		}
		if d > length {
			best, length = s, d
		}
	}
	return best
}

package xoauth2_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/internal/secret"
	"latchkey/internal/xoauth2"
)

const tokenBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

// visible returns a piece of the token, twelve bytes or longer, that out shows
// in the clear or in base64; "" if there is none.
func visible(out, token string) string {
	readings := []string{out, strings.ToLower(out)}
	for start := range min(4, len(out)) {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			whole := out[start : start+(len(out)-start)/4*4]
			decoded, _ := enc.DecodeString(whole)
			readings = append(readings, string(decoded))
		}
	}
	for i := 0; i+12 <= len(token); i++ {
		for _, reading := range readings {
			if strings.Contains(reading, token[i:i+12]) || strings.Contains(reading, strings.ToLower(token[i:i+12])) {
				return token[i : i+12]
			}
		}
	}
	return ""
}

func TestMaskFindsTheTokenInEachForm(t *testing.T) {
	mask := xoauth2.NewMask(secret.New(planted))
	std, url := base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString
	for name, text := range map[string]string{
		"as it is":         planted,
		"in a sentence":    "BAD unknown command " + planted + " at 7",
		"in capitals":      strings.ToUpper(planted),
		"cut":              planted[:20],
		"the end of it":    planted[len(planted)-14:],
		"base64":           std([]byte(planted)),
		"base64 shifted 1": std([]byte("x" + planted)),
		"base64 shifted 2": std([]byte("xy" + planted)),
		"base64url":        url([]byte("user=a\x01auth=Bearer " + planted + "\x01\x01")),
		"base64 cut":       std([]byte("user=abc\x01auth=Bearer " + planted))[:60],
		"base64 lower":     strings.ToLower(std([]byte(planted))),
	} {
		t.Run(name, func(t *testing.T) {
			out := mask.Apply(text)
			if !strings.Contains(out, secret.Redacted) {
				t.Errorf("nothing is masked in %q", out)
			}
			if piece := visible(out, planted); piece != "" {
				t.Errorf("%q is visible in %q", piece, out)
			}
		})
	}
}

func TestMaskKnowsBothAlphabets(t *testing.T) {
	token := strings.Repeat("ab~", 8) // each third byte becomes "+" or "-"
	for name, enc := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding} {
		if out := xoauth2.NewMask(secret.New(token)).Apply(enc.EncodeToString([]byte(token))); out != secret.Redacted {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func TestMaskLeavesOtherTextAlone(t *testing.T) {
	mask := xoauth2.NewMask(secret.New(planted))
	for _, text := range []string{
		"", "535 5.7.3 Authentication unsuccessful [FR0P281CA0157.DEUP281.PROD.OUTLOOK.COM 2024-07-11T11:46:49.042Z 08DCA18218166FB4]",
		"* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADAAUAAyADgAMQBDAEEAMAAxADUANwA=]",
	} {
		if got := mask.Apply(text); got != text {
			t.Errorf("Apply(%q) = %q", text, got)
		}
	}
	var none xoauth2.Mask
	if got := none.Apply(planted); got != planted {
		t.Errorf("the zero mask changed %q", got)
	}
}

func TestNoPlaceHidesAToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringOfN(rapid.RuneFrom([]rune(tokenBytes)), 16, 400, -1).Draw(t, "token")
		form := rapid.SampledFrom([]func(string) string{
			func(s string) string { return s },
			func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
			func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
			strings.ToUpper,
		}).Draw(t, "form")
		before, after := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after")
		noise := rapid.String().Draw(t, "noise")
		out := xoauth2.NewMask(secret.New(token)).Apply(noise + form(before+token+after) + noise)
		if piece := visible(out, token); piece != "" {
			t.Fatalf("%q is visible in %q", piece, out)
		}
	})
}

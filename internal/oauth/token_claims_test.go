package oauth_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
	"latchkey/internal/secret"
)

func accessToken(payload string) secret.Text {
	b64 := base64.RawURLEncoding.EncodeToString
	return secret.New(b64([]byte(`{"alg":"RS256","nonce":"n"}`)) + "." + b64([]byte(payload)) + ".c2ln")
}

func TestDecodeClaims(t *testing.T) {
	tests := map[string]struct {
		payload string
		want    oauth.AccessClaims
	}{
		"delegated": {`{"aud":"https://mail.example","scp":"IMAP SMTP","iat":1795255200,"exp":1795259546,"upn":"mail@x.example","tid":"t","amr":["pwd"],"ver":1}`,
			oauth.AccessClaims{
				Audience: []string{"https://mail.example"}, Scopes: []string{"IMAP", "SMTP"},
				Issued: time.Unix(1795255200, 0).UTC(), Expires: time.Unix(1795259546, 0).UTC(),
				Values: map[string]string{"upn": "mail@x.example", "tid": "t"},
			}},
		"application": {`{"aud":["a","b"],"roles":["IMAP.AsApp"],"idtyp":"app"}`,
			oauth.AccessClaims{Audience: []string{"a", "b"}, Roles: []string{"IMAP.AsApp"}, Values: map[string]string{"idtyp": "app"}}},
		"standard scope, odd times": {`{"scope":"x y","iat":"then","exp":1e300,"name":"a\u001b[31m\r\nb"}`,
			oauth.AccessClaims{
				Scopes: []string{"x", "y"}, Expires: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
				Values: map[string]string{"iat": "then", "name": `a\x1b[31m b`},
			}},
		"negative time": {`{"exp":-5}`, oauth.AccessClaims{Values: map[string]string{}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := oauth.DecodeClaims(accessToken(tt.payload))
			if !ok {
				t.Fatal("not decoded")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeClaimsOfAnOpaqueToken(t *testing.T) {
	for name, access := range map[string]secret.Text{
		"none": {}, "opaque": secret.New("EwB4A8l6BAAU"), "two parts": secret.New("a.b"),
		"encrypted": secret.New("a.b.c.d.e"), "not base64": secret.New("a.!.c"),
		"no object": accessToken(`["x"]`), "null": accessToken("null"), "not JSON": accessToken("{"),
		"too long": accessToken(`{"x":"` + strings.Repeat("x", 64<<10) + `"}`),
	} {
		if claims, ok := oauth.DecodeClaims(access); ok {
			t.Errorf("%s: decoded to %+v", name, claims)
		}
	}
}

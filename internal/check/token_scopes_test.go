package check_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// T18: a token that can do more than was asked for is worth a warning, and the
// warning names what.
func TestTokenThatPermitsMoreThanAskedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		scp    string   // of the token; "" for one that cannot be read
		scope  []string // of the answer
		want   []string
		params []string
	}{
		"as asked":             {"IMAP.AccessAsUser.All SMTP.Send", nil, nil, nil},
		"in another case":      {"imap.accessasuser.all SMTP.Send", nil, nil, nil},
		"with identity scopes": {"IMAP.AccessAsUser.All SMTP.Send openid profile email offline_access", nil, nil, nil},
		"one more":             {"IMAP.AccessAsUser.All SMTP.Send Mail.ReadWrite.All", nil, []string{"token_scope_too_wide"}, []string{"scopes", "Mail.ReadWrite.All"}},
		"three more": {"EWS.AccessAsUser.All IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send User.Read", nil,
			[]string{"token_scope_too_wide"}, []string{"scopes", "EWS.AccessAsUser.All, POP.AccessAsUser.All, User.Read"}},
		"opaque, as asked": {"", []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"}, []string{"token_opaque"}, nil},
		"opaque, one more": {"", []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "https://outlook.office.com/EWS.AccessAsUser.All"},
			[]string{"token_opaque", "token_scope_too_wide"}, nil},
		"opaque, nothing said": {"", nil, []string{"token_opaque"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			env := envOf(setup.Setup{Application: setup.Application{Product: "other", Protocols: []setup.Protocol{setup.IMAP, setup.SMTP}}})
			env.Token = func(context.Context) (oauth.Token, error) {
				out := oauth.Token{Access: secret.New("EwBopaque"), Scope: tt.scope}
				if tt.scp != "" {
					enc := base64.RawURLEncoding.EncodeToString
					claims := fmt.Sprintf(`{"aud":"https://outlook.office.com","scp":%q}`, tt.scp)
					out.Access = secret.New(enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("x")))
				}
				return out, nil
			}
			out := judge(t, check.TokenClaims, env, check.Target{})
			wantCodes(t, out, tt.want...)
			if tt.params != nil {
				wantParams(t, out, tt.params...)
			}
			for _, f := range out.Findings {
				if f.Code() == "token_scope_too_wide" && f.Severity() != finding.Warning {
					t.Errorf("it is a %s", f.Severity())
				}
			}
		})
	}
}

package oauth_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/oauth"
)

func TestDiscover(t *testing.T) {
	s := newServer(t)
	got, err := s.client().Discover(t.Context(), s.URL+"/.well-known/openid-configuration", s.isIssuer)
	if err != nil {
		t.Fatal(err)
	}
	want := oauth.Metadata{
		Issuer: s.URL, AuthorizationEndpoint: s.URL + "/authorize", TokenEndpoint: s.URL + "/token",
		JWKSURI: s.URL + "/keys", ResponseISS: true, Extra: map[string]string{"region": "EU"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// A document that speaks for another issuer is refused before any of its
// endpoints is used (threat T08).
func TestDiscoverRefusesForeignIssuer(t *testing.T) {
	s := newServer(t)
	s.metadata = func(m map[string]any) { m["issuer"] = "https://other.example" }
	m, err := s.client().Discover(t.Context(), s.URL+"/.well-known/openid-configuration", s.isIssuer)
	wantRefused(t, err, oauth.CheckMetadataIssuer)
	if m.TokenEndpoint != "" {
		t.Error("metadata were returned with a refusal")
	}
}

func TestDiscoverRefusesUnusableMetadata(t *testing.T) {
	tests := map[string]struct {
		change func(map[string]any)
		want   error
	}{
		"no issuer":                  {func(m map[string]any) { delete(m, "issuer") }, oauth.ErrMalformed},
		"no authorization endpoint":  {func(m map[string]any) { delete(m, "authorization_endpoint") }, oauth.ErrMalformed},
		"no token endpoint":          {func(m map[string]any) { m["token_endpoint"] = nil }, oauth.ErrMalformed},
		"keys of a wrong type":       {func(m map[string]any) { m["jwks_uri"] = 7 }, oauth.ErrMalformed},
		"promise of a wrong type":    {func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = "yes" }, oauth.ErrMalformed},
		"token endpoint over http":   {func(m map[string]any) { m["token_endpoint"] = "http://login.example/token" }, oauth.ErrAddress},
		"keys over http":             {func(m map[string]any) { m["jwks_uri"] = "http://login.example/keys" }, oauth.ErrAddress},
		"authorize is a script":      {func(m map[string]any) { m["authorization_endpoint"] = "javascript:alert(1)" }, oauth.ErrAddress},
		"authorize with a fragment":  {func(m map[string]any) { m["authorization_endpoint"] = "https://login.example/a#b" }, oauth.ErrAddress},
		"authorize with credentials": {func(m map[string]any) { m["authorization_endpoint"] = "https://a:b@login.example/a" }, oauth.ErrAddress},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.metadata = tt.change
			_, err := s.client().Discover(t.Context(), s.URL+"/.well-known/openid-configuration", func(string) bool { return true })
			wantError(t, err, oauth.Discovery, http.StatusOK, "")
			if !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDiscoverReportsTheServersError(t *testing.T) {
	c := answering(400, map[string]string{"Content-Type": "application/json"}, `{"error":"invalid_tenant","error_codes":[7]}`)
	_, err := c.Discover(t.Context(), "https://login.example/x", func(string) bool { return true })
	e := wantError(t, err, oauth.Discovery, 400, "invalid_tenant")
	if diff := cmp.Diff([]int{7}, e.Numbers); diff != "" {
		t.Error(diff)
	}
	c = answering(503, nil, `{"issuer":"i","authorization_endpoint":"https://l.example","token_endpoint":"https://l.example","jwks_uri":"https://l.example"}`)
	_, err = c.Discover(t.Context(), "https://login.example/x", func(string) bool { return true })
	wantError(t, err, oauth.Discovery, 503, "")
	c = answering(200, nil, `[]`)
	_, err = c.Discover(t.Context(), "https://login.example/x", func(string) bool { return true })
	wantError(t, err, oauth.Discovery, 200, "")
}

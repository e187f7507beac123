package oauth

import (
	"context"
	"encoding/json"
	"fmt"
)

// Metadata is what an authorization server says about itself.
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	JWKSURI               string
	// ResponseISS: the server promises the "iss" parameter in authorization
	// responses (RFC 9207 §3); one without it is then refused.
	ResponseISS bool
	// Extra holds the other members that are strings; vendors put their own there.
	Extra map[string]string
}

// Discover fetches the metadata document at address (RFC 8414 §3, OpenID
// Connect Discovery 1.0 §4; the whole address, well-known part included).
// wantIssuer judges the issuer: it must be the one that the address stands
// for, otherwise a foreign server could answer for it (RFC 8414 §3.3, §6.2).
//
// Errors: *Error when the document cannot be had or lacks an endpoint,
// *Refused with CheckMetadataIssuer when the issuer is not wanted.
func (c *Client) Discover(ctx context.Context, address string, wantIssuer func(issuer string) bool) (Metadata, error) {
	a, err := c.get(ctx, Discovery, address)
	if err != nil {
		return Metadata{}, err
	}
	m, err := parseMetadata(a.body)
	if err != nil {
		return Metadata{}, errorOf(a, "", c.now(), nil, err)
	}
	if !wantIssuer(m.Issuer) {
		return Metadata{}, &Refused{Check: CheckMetadataIssuer, Got: clean(m.Issuer, maxField)}
	}
	return m, nil
}

func parseMetadata(body []byte) (Metadata, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return Metadata{}, fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	m := Metadata{Extra: map[string]string{}}
	known := map[string]*string{
		"issuer": &m.Issuer, "authorization_endpoint": &m.AuthorizationEndpoint,
		"token_endpoint": &m.TokenEndpoint, "jwks_uri": &m.JWKSURI,
	}
	for name, raw := range members {
		if field, ok := known[name]; ok {
			*field = text(raw)
		} else if s := text(raw); s != "" {
			m.Extra[name] = s
		}
	}
	for name, field := range known {
		if *field == "" {
			return Metadata{}, fmt.Errorf("%w: %s is missing", ErrMalformed, name)
		}
		if name == "issuer" {
			continue // an identifier, compared and never fetched
		}
		if err := checkAddress(*field); err != nil {
			return Metadata{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if raw, ok := members["authorization_response_iss_parameter_supported"]; ok {
		if err := json.Unmarshal(raw, &m.ResponseISS); err != nil {
			return Metadata{}, fmt.Errorf("%w: authorization_response_iss_parameter_supported is not a boolean", ErrMalformed)
		}
	}
	return m, nil
}

package paste_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey/internal/oauth"
	"latchkey/internal/paste"
)

func TestMaskHidesLiveValues(t *testing.T) {
	const planted = "0.AXoAplanted-Value_1234567890"
	for _, text := range []string{
		"https://latchkey.contoso.example/callback?code=" + planted + "&state=abcdef123456",
		`{"access_token":"` + planted + `","token_type":"Bearer"}`,
		"Authorization: Bearer " + planted,
		"client_secret=" + planted,
		"refresh_token: '" + planted + "'",
		"token eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJ" + planted,
	} {
		masked, found := paste.Mask(text)
		if !found || strings.Contains(masked, planted) {
			t.Errorf("Mask(%q) = %q, %v", text, masked, found)
		}
	}
}

func TestMaskKeepsWhatExplains(t *testing.T) {
	for _, text := range []string{
		"Error code: AADSTS50011", "error code=50011", "response_type=code&prompt=login",
		"AADSTS700016: Application with identifier was not found in the directory",
	} {
		if masked, found := paste.Mask(text); found || masked != text {
			t.Errorf("Mask(%q) = %q, %v", text, masked, found)
		}
	}
}

func TestErrorText(t *testing.T) {
	e, err := paste.ErrorText("Sorry, but we're having trouble signing you in.\r\n\r\nAADSTS50011: The redirect URI " +
		"'http://localhost:8080/callback' does not match.\nCorrelation ID: 6F1D2C3B-1111-4222-8333-9a0b1c2d3e4f")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.Description, "AADSTS50011: The redirect URI") || strings.ContainsAny(e.Description, "\r\n") {
		t.Errorf("description %q", e.Description)
	}
	if !strings.EqualFold(e.CorrelationID, "6f1d2c3b-1111-4222-8333-9a0b1c2d3e4f") {
		t.Errorf("correlation ID %q", e.CorrelationID)
	}
	e, err = paste.ErrorText("https://x.example/callback?error=access_denied&error_subcode=cancel&state=abcdefghi")
	if err != nil || e.Code != "access_denied" || e.Subcode != "cancel" || strings.Contains(e.Description, "abcdefghi") {
		t.Errorf("address: %+v, %v", e, err)
	}
	e, err = paste.ErrorText(`<html><script>$Config={"strServiceExceptionMessage":"AADSTS50011: The redirect URI \u0027https://x.example/cb\u0027 does not match."};</script></html>`)
	if err != nil || e.Endpoint != oauth.Authorize || !strings.HasPrefix(e.Description, "AADSTS50011: The redirect URI 'https://x.example/cb'") {
		t.Errorf("source of the page: %+v, %v", e, err)
	}
	e, err = paste.ErrorText("Need admin approval\nMail needs permission to access resources.")
	if err != nil || e.Description != "Need admin approval Mail needs permission to access resources." {
		t.Errorf("a page without a number: %+v, %v", e, err)
	}
	if _, err := paste.ErrorText(" \x00\n "); !errors.Is(err, paste.ErrEmpty) {
		t.Errorf("empty paste: %v", err)
	}
}

package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// blockOf prints what a script prints, by the form that package adminscript
// describes, with some console noise around it.
func blockOf(t *testing.T, kind string, content map[string]any) string {
	t.Helper()
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	sum := sha256.Sum256([]byte(text))
	var chunks []string
	for len(text) > 64 {
		chunks, text = append(chunks, text[:64]), text[64:]
	}
	chunks = append(chunks, text)
	var b strings.Builder
	fmt.Fprintf(&b, "PS C:\\> & {\nWARNING: a new version is there\n-----BEGIN LATCHKEY %s-----\n", kind)
	for i, c := range chunks {
		fmt.Fprintf(&b, "%02d/%02d %s\n", i+1, len(chunks), c)
	}
	fmt.Fprintf(&b, "sum %s\n-----END LATCHKEY %s-----\nPS C:\\> \n", hex.EncodeToString(sum[:8]), kind)
	return b.String()
}

func head(id setup.ID, kind, task string, at time.Time) map[string]any {
	return map[string]any{
		"schema": 1, "kind": kind, "setup": string(id), "script": task, "at": at.UTC().Format(time.RFC3339),
		"by": "admin@contoso.example", "module": "Module 1.0", "unread": []string{},
	}
}

func registrationBlock(id setup.ID, at time.Time) map[string]any {
	b := head(id, "registration", "registration", at)
	for name, value := range map[string]any{
		"client_id": clientID, "tenant_id": homeTenant, "name": "Mail connector", "audience": "AzureADMyOrg",
		"web": []string{"https://ece.contoso.example/oauth"}, "spa": []string{}, "public": []string{}, "public_client": "off",
		"sign_in_enabled": "on", "assignment_required": "off", "permissions": []any{}, "consented": []string{}, "secrets": []any{},
		"claims": []string{"auth_time"}, "secret": nil,
	} {
		b[name] = value
	}
	return b
}

func mailboxBlock(id setup.ID, task string, at time.Time) map[string]any {
	b := head(id, "mailbox", task, at)
	b["tenant_smtp_auth"], b["modern_auth"] = "off", "on"
	b["account"] = map[string]any{
		"user_name": "svc-mail@contoso.example", "primary": "svc-mail@contoso.example", "type": "UserMailbox", "sign_in": "on",
		"imap": "off", "pop3": "on", "smtp_auth": "inherit", "licences": []any{map[string]string{"sku": "SPE_E3", "exchange": "EXCHANGE_S_ENTERPRISE"}},
	}
	b["mailboxes"] = []any{map[string]any{
		"address": "sales@contoso.example", "user_name": "sales@contoso.example", "type": "SharedMailbox", "full_access": "on", "send_as": "off",
		"readers": []string{}, "bytes": 1000, "inbox": 3, "inbox_read": true, "forwards": "off", "missing": false,
	}}
	return b
}

// eceSetup is a setup of a product with a sign-in of its own, after step 1.
func (s *stand) eceSetup(more wizard.Entries) setup.ID {
	s.t.Helper()
	made, err := s.wizard.Start(s.t.Context(), s.owner)
	if err != nil {
		s.t.Fatal(err)
	}
	e := wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap", "smtp"},
	}
	for name, values := range more {
		e[name] = values
	}
	s.answer(made.ID, setup.StepApplication, e)
	return made.ID
}

// eceAddresses answers step 2.
func (s *stand) eceAddresses(id setup.ID) {
	s.t.Helper()
	s.answer(id, setup.StepAddresses, wizard.Entries{
		"product_url": {"https://ece.contoso.example"}, "console_url": {"https://ece.contoso.example/system"},
		"product_redirect_uri": {"https://ece.contoso.example/oauth"},
	})
}

// found lists the findings of a step.
func (s *stand) found(id setup.ID, step setup.StepID) []string {
	s.t.Helper()
	s.settle(id)
	st, _ := s.view(id).Step(step)
	var codes []string
	for _, f := range st.Findings() {
		codes = append(codes, f.Code())
	}
	return codes
}

func (s *stand) paste(w *window, id setup.ID, step, field, text string) shown {
	s.t.Helper()
	got := w.Post("/m/"+string(id)+"/"+step, url.Values{field: {text}, "save": {"paste"}})
	s.settle(id)
	return got
}

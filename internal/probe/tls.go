package probe

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
)

// secure does the TLS handshake. There is no way to skip the verification;
// when it fails, the presented chain comes out of the error itself, so that
// people see whose certificate stands between them and the server.
func (t *talk) secure() error {
	if t.br.Buffered() > 0 {
		// Bytes that arrived in the clear behind the answer to STARTTLS would be
		// taken for the server's words under TLS (CVE-2021-29969; Poddebniak et
		// al., "Why TLS is better without STARTTLS", USENIX Security 2021).
		return &kindError{ProtocolError, "the server sent more after agreeing to STARTTLS"}
	}
	t.enter(TLSStage)
	conn := tls.Client(t.raw, &tls.Config{
		ServerName: strings.TrimSuffix(t.target.Host, "."),
		RootCAs:    t.p.RootCAs,
		MinVersion: tls.VersionTLS12,
		Time:       t.p.Now,
	})
	if err := conn.HandshakeContext(t.ctx); err != nil {
		var bad *tls.CertificateVerificationError
		if errors.As(err, &bad) {
			t.report.TLS = factsOf(bad.UnverifiedCertificates)
		}
		return err
	}
	state := conn.ConnectionState()
	t.report.TLS = factsOf(state.PeerCertificates)
	t.report.TLS.Private = t.p.private(state)
	t.report.TLS.Version = tls.VersionName(state.Version)
	t.report.TLS.CipherSuite = tls.CipherSuiteName(state.CipherSuite)
	t.rec.remark("%s, certificate of %s, issued by %s", t.report.TLS.Version, t.report.TLS.Subject, t.report.TLS.Issuer)
	t.wire = conn
	t.br = bufio.NewReaderSize(conn, len(t.buf))
	return nil
}

func factsOf(chain []*x509.Certificate) *TLSFacts {
	facts := &TLSFacts{}
	for _, c := range chain {
		facts.Chain = append(facts.Chain, certificateOf(c))
	}
	if len(facts.Chain) > 0 {
		facts.Certificate = facts.Chain[0]
	}
	return facts
}

func certificateOf(c *x509.Certificate) Certificate {
	sum := sha256.Sum256(c.Raw)
	out := Certificate{
		Subject: display(c.Subject.String(), maxLine), Issuer: display(c.Issuer.String(), maxLine),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}
	for _, name := range c.DNSNames {
		out.Names = append(out.Names, display(name, maxLine))
	}
	for _, ip := range c.IPAddresses {
		out.Names = append(out.Names, ip.String())
	}
	return out
}

// private reports whether only the operator's own authorities vouch for a
// connection that has been verified.
func (p *Prober) private(state tls.ConnectionState) bool {
	if p.PublicCAs == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: p.PublicCAs, Intermediates: between, DNSName: state.ServerName, CurrentTime: p.now(),
	})
	var authority x509.UnknownAuthorityError
	return errors.As(err, &authority)
}

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority is a certificate authority that lives as long as the lab.
type authority struct {
	pem    []byte      // the CA's certificate, for ca_file options
	config *tls.Config // a server certificate for loopback

	// What somebody in between would show: a certificate of another authority,
	// and one of this authority for another name.
	foreign, otherName *tls.Config
}

// newAuthority makes a CA and the server certificates. The CA's key is not
// kept: nothing else will ever be signed with it, so trusting ca.pem by
// accident somewhere else is harmless.
func newAuthority(now time.Time) (*authority, error) {
	trusted, err := newSigner(now, "Simulator CA (not Microsoft)")
	if err != nil {
		return nil, err
	}
	between, err := newSigner(now, "Simulator of a proxy that opens TLS")
	if err != nil {
		return nil, err
	}
	a := &authority{pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.der})}
	here := []string{"localhost"}
	for _, c := range []struct {
		into   **tls.Config
		signer *signer
		names  []string
		ips    []net.IP
	}{
		{&a.config, trusted, here, loopback},
		{&a.foreign, between, here, loopback},
		{&a.otherName, trusted, []string{"proxy.contoso.example"}, nil},
	} {
		if *c.into, err = c.signer.server(c.names, c.ips); err != nil {
			return nil, err
		}
	}
	return a, nil
}

var loopback = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}

type signer struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	der  []byte
}

func newSigner(now time.Time, name string) (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("lab: CA key: %w", err)
	}
	// The years on both sides let a test move its clock without the
	// certificates getting in the way.
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("lab: CA certificate: %w", err)
	}
	return &signer{key, ca, der}, nil
}

// server makes a server certificate.
func (s *signer) server(names []string, ips []net.IP) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("lab: server key: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Simulator mail servers"},
		NotBefore: s.cert.NotBefore, NotAfter: s.cert.NotAfter, DNSNames: names, IPAddresses: ips,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, s.cert, &key.PublicKey, s.key)
	if err != nil {
		return nil, fmt.Errorf("lab: server certificate: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		// TLS 1.2 is the minimum at Exchange Online.
		MinVersion: tls.VersionTLS12,
	}, nil
}

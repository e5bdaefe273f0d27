// Checks every signed document of a file (an object of objects) with Digital Bazaar's implementation of Data Integrity,
// eddsa-jcs-2022. Nothing is fetched: a did:key says its own key. Prints {name: true | why not}.
import {readFileSync} from 'node:fs';
import jsigs from 'jsonld-signatures';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';

const documentLoader = async url => {
  const [did, fragment] = url.split('#');
  if (!did.startsWith('did:key:')) throw new Error(`asked for ${url}`);
  const key = did.slice('did:key:'.length);
  const method = {
    '@context': 'https://w3id.org/security/multikey/v1', id: `${did}#${key}`, type: 'Multikey', controller: did,
    publicKeyMultibase: key,
  };
  const controller = {'@context': ['https://www.w3.org/ns/did/v1'], id: did, assertionMethod: [method]};
  return {contextUrl: null, documentUrl: url, document: fragment ? method : controller};
};

const found = {};
for (const [name, document] of Object.entries(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
  try {
    const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
    const purpose = new jsigs.purposes.AssertionProofPurpose();
    const {verified, error} = await jsigs.verify(document, {suite, purpose, documentLoader});
    found[name] = verified || String(error?.errors?.[0]?.message ?? error);
  } catch (error) {
    found[name] = String(error);
  }
}
console.log(JSON.stringify(found));

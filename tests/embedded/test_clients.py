from concurrent.futures import ThreadPoolExecutor

from embedded.clients import Credentials, client


def test_clients_can_be_made_in_many_threads_each_with_its_own_credentials() -> None:
    def key(number: int) -> str:
        made = client("sts", "http://127.0.0.1:1", "r", Credentials(f"key-{number}", "secret"))
        return str(made._request_signer._credentials.access_key)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(key, range(16))) == [f"key-{number}" for number in range(16)]

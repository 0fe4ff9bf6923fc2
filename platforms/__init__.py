"""The outside world's wire: thin typed async clients; reading and writing are separate classes."""

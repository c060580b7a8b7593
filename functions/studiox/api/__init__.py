"""What every public function shares: who may call, how requests are read and answers written."""
